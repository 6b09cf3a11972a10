TABLES = csv_files(*outputs.tables(config))
VERDICTS = csv_files(*outputs.VERDICTS)
RECORDS = plan.record_paths(config)


# Two rules that differ only in their outputs: tables to read are written as CSV, HTML and LaTeX,
# series of points for figures only as CSV.
for FORMAT, NAMES in outputs.tables_by_format().items():

    rule:
        name:
            FORMAT
        input:
            records=table_records,
            code=table_code,
        output:
            table_outputs("{table}", FORMAT),
        log:
            f"{RESULTS}/logs/tables/{{table}}.log",
        wildcard_constraints:
            table="|".join(NAMES),
        conda:
            "../../envs/report.yaml"
        params:
            config=CONFIG,
            statistics=json.dumps(config.get("statistics", {})),
            records=records_root,
            out=lambda wildcards, output: output[0],
        shell:
            "python -m dirgrad table {wildcards.table} --config {params.config}"
            " --records {params.records} --out {params.out} 2> {log}"


# Judges the claims of the papers, from tables only.
rule claims:
    input:
        tables=TABLES,
        claims=CLAIMS,
        manifest=f"{RESULTS}/manifest.json",
        code=[*code_inputs.closure("dirgrad.analysis.claims_table"), *PAGE_CODE],
    output:
        table_outputs("claims", "table"),
        f"{RESULTS}/tables/evidence.csv",
    log:
        f"{RESULTS}/logs/tables/claims.log",
    conda:
        "../../envs/report.yaml"
    params:
        config=CONFIG,
        confidence=config.get("statistics", {}).get("confidence"),
        out=lambda wildcards, output: Path(output[0]).parent,
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
        config=CONFIG,
        results=lambda wildcards, input: Path(input[0]).parent.parent,
        reference=f"results/reference/{config['tier']}",
    shell:
        "python -m dirgrad verify {params.results} {params.reference} --config {params.config}"
        " --claims {input.claims} --out {params.results} 2> {log}"


rule manifest:
    input:
        records=record_files(RECORDS),
        code=code_inputs.closure("dirgrad.report.manifest"),
    output:
        f"{RESULTS}/manifest.json",
    log:
        f"{RESULTS}/logs/manifest.log",
    conda:
        "../../envs/report.yaml"
    params:
        config=CONFIG,
        all=json.dumps(config, sort_keys=True),
        records=records_root,
    shell:
        "python -m dirgrad manifest --config {params.config} --records {params.records}"
        " --out {output} 2> {log}"
