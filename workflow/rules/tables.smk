TABLES = layout.csv_files(outputs.tables(CONFIG), RESULTS)
VERDICTS = layout.csv_files(outputs.VERDICTS, RESULTS)
RECORDS = {
    kind: layout.record_files(files, RESULTS)
    for kind, files in plan.record_paths(CONFIG).items()
}


# Two rules that differ only in their outputs: tables to read are written as CSV, HTML and LaTeX,
# series of points for figures only as CSV.
for FORMAT, NAMES in outputs.tables_by_format().items():

    rule:
        name:
            FORMAT
        input:
            records=lambda wildcards: [
                path
                for kind in outputs.TABLES[wildcards.table].records
                for path in RECORDS[kind]
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
            config=ARGUMENTS,
            statistics=CONFIG.statistics.model_dump_json(),
            code=lambda wildcards: code_inputs.digest(
                code_inputs.for_table(wildcards.table)
            ),
            records=lambda wildcards: f"{RESULTS}/records",
            out=lambda wildcards, output: output[0],
            caption=lambda wildcards: outputs.TABLES[wildcards.table].caption,
        shell:
            "python -m dirgrad table {wildcards.table} --config {params.config}"
            " --records {params.records} --out {params.out} 2> {log}"


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
        config=ARGUMENTS,
        confidence=CONFIG.statistics.confidence,
        estimators=CONFIG.model_dump_json(include={"estimators"}),
        code=code_inputs.digest(code_inputs.for_pages("dirgrad.analysis.claims_table")),
        out=lambda wildcards, output: Path(output[0]).parent,
        caption=outputs.CLAIMS_CAPTION,
    shell:
        "python -m dirgrad claims {params.out} --config {params.config} --claims {input.claims}"
        " --out {params.out} 2> {log}"
        " && python -m dirgrad render {params.out}/claims.csv"
        " --manifest {input.manifest} 2>> {log}"


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
        config=ARGUMENTS,
        results=lambda wildcards, input: Path(input[0]).parent.parent,
        reference=f"results/reference/{CONFIG.tier}",
    shell:
        "python -m dirgrad verify {params.results} {params.reference} --config {params.config}"
        " --claims {input.claims} --out {params.results} 2> {log}"


rule manifest:
    input:
        records=[path for files in RECORDS.values() for path in files],
    output:
        f"{RESULTS}/manifest.json",
    log:
        f"{RESULTS}/logs/manifest.log",
    conda:
        "../../envs/report.yaml"
    params:
        config=ARGUMENTS,
        all=CONFIG.model_dump_json(),
        code=code_inputs.digest(code_inputs.closure("dirgrad.report.manifest")),
        records=lambda wildcards: f"{RESULTS}/records",
    shell:
        "python -m dirgrad manifest --config {params.config} --records {params.records}"
        " --out {output} 2> {log}"
