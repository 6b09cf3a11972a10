TABLES = layout.csv_files(outputs.tables(CONFIG), RESULTS)
VERDICTS = layout.csv_files(outputs.VERDICTS, RESULTS)
COMPLETE = {
    kind: f"{RESULTS}/records/{kind}.complete"
    for kind in JOB_KINDS
    if any(job.kind == kind for job in JOBS.values())
}


# Each file of `COMPLETE` stands for all records of one kind of jobs. Most tables read the records
# of every experiment, and Snakemake takes time for every input of every job.
rule records:
    input:
        lambda wildcards: [
            f"{RESULTS}/records/{job.path}/{record}.parquet"
            for job in JOBS.values()
            if job.kind == wildcards.kind
            for record in JOB_KINDS[job.kind].records
        ],
    output:
        touch(f"{RESULTS}/records/{{kind}}.complete"),
    wildcard_constraints:
        kind="|".join(JOB_KINDS),


# Two rules that differ only in their outputs: tables to read are written as CSV, HTML and LaTeX,
# series of points for figures only as CSV.
for FORMAT, NAMES in outputs.tables_by_format().items():

    rule:
        name:
            FORMAT
        input:
            records=lambda wildcards: [
                file
                for kind, file in COMPLETE.items()
                if {*JOB_KINDS[kind].records}
                & {*outputs.TABLES[wildcards.table].records}
            ],
        output:
            marked(
                layout.table_files("{table}", RESULTS, readable=FORMAT == "table"),
                "../report/table.rst",
            ),
        log:
            f"{RESULTS}/logs/tables/{{table}}.log",
        wildcard_constraints:
            table="|".join(NAMES),
        conda:
            "../../envs/report.yaml"
        params:
            dirgrad=command,
            config=config_file,
            statistics=lambda wildcards: CONFIG.statistics.model_dump_json(),
            code=lambda wildcards: code_inputs.digest(
                code_inputs.for_table(wildcards.table)
            ),
            records=lambda wildcards: f"{RESULTS}/records",
            out=lambda wildcards, output: output[0],
            caption=lambda wildcards: outputs.TABLES[wildcards.table].caption,
        shell:
            "{params.dirgrad} table {wildcards.table:q} --config {params.config:q}"
            " --records {params.records:q} --out {params.out:q} 2> {log:q}"


# Judges the claims of the papers, from tables only.
rule claims:
    input:
        tables=TABLES,
        claims=CLAIMS,
        manifest=f"{RESULTS}/manifest.json",
    output:
        marked(
            layout.table_files("claims", RESULTS, readable=True), "../report/table.rst"
        ),
        f"{RESULTS}/tables/evidence.csv",
    log:
        f"{RESULTS}/logs/tables/claims.log",
    conda:
        "../../envs/report.yaml"
    params:
        dirgrad=command_in_list,
        config=config_file,
        confidence=CONFIG.statistics.confidence,
        estimators=lambda wildcards: CONFIG.model_dump_json(include={"estimators"}),
        code=code_inputs.digest(code_inputs.for_pages("dirgrad.analysis.claims_table")),
        out=lambda wildcards, output: Path(output[0]).parent,
        caption=outputs.CLAIMS_CAPTION,
    shell:
        "{params.dirgrad} claims {params.out:q} --config {params.config:q} --claims {input.claims:q}"
        " --out {params.out:q} 2> {log:q}"
        " && {params.dirgrad} render {params.out:q}/claims.csv"
        " --manifest {input.manifest:q} 2>> {log:q}"


# Writes results/<tier>/tables/verify.csv and results/<tier>/verify.json, even if it fails. They are
# not declared as outputs, because Snakemake would delete them after a failure.
rule verify:
    input:
        TABLES,
        VERDICTS,
        f"{RESULTS}/manifest.json",
        claims=CLAIMS,
    log:
        f"{RESULTS}/logs/verify.log",
    conda:
        "../../envs/report.yaml"
    params:
        dirgrad=command,
        config=config_file,
        results=lambda wildcards, input: Path(input[0]).parent.parent,
        reference=f"results/reference/{CONFIG.tier}",
    shell:
        "{params.dirgrad} verify {params.results:q} {params.reference:q} --config {params.config:q}"
        " --claims {input.claims:q} --out {params.results:q} 2> {log:q}"


rule manifest:
    input:
        records=list(COMPLETE.values()),
    output:
        f"{RESULTS}/manifest.json",
    log:
        f"{RESULTS}/logs/manifest.log",
    conda:
        "../../envs/report.yaml"
    params:
        dirgrad=command,
        config=config_file,
        all=lambda wildcards: CONFIG.model_dump_json(),
        code=code_inputs.digest(code_inputs.closure("dirgrad.report.manifest")),
        records=lambda wildcards: f"{RESULTS}/records",
    shell:
        "{params.dirgrad} manifest --config {params.config:q} --records {params.records:q}"
        " --out {output:q} 2> {log:q}"
