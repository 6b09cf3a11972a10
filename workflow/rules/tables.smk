TABLES = tables(*outputs.tables(config))
VERDICTS = tables(*outputs.VERDICTS)
RECORDS = plan.record_paths(config)


# Tables to read, and tables whose rows are points of figures: CSV alone. They differ in nothing else.
for KIND, NAMES in outputs.tables_by_format().items():

    rule:
        name:
            KIND
        input:
            records=table_records,
            code=table_sources,
        output:
            tabled("{table}", KIND),
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
            "python -m dirgrad table {wildcards.table} --config {params.config} --records {params.records} --out {params.out} 2> {log}"


# What the papers claim, judged from the tables alone.
rule claims:
    input:
        tables=TABLES,
        claims=CLAIMS,
        manifest=f"{RESULTS}/manifest.json",
        code=[*code_inputs.closure("dirgrad.analysis.claims_table"), *PAGES],
    output:
        tabled("claims", "table"),
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
        "python -m dirgrad claims {params.out} --config {params.config} --claims {input.claims} --out {params.out} 2> {log}"
        " && python -m dirgrad render {params.out}/claims.csv --manifest {input.manifest} 2>> {log}"


# It leaves results/<tier>/tables/verify.csv and verify.json, also where it fails; so they are no output that is taken away.
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
        "python -m dirgrad verify {params.results} {params.reference} --config {params.config} --claims {input.claims}"
        " --out {params.results} 2> {log}"


rule manifest:
    input:
        records=recorded(RECORDS),
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
        "python -m dirgrad manifest --config {params.config} --records {params.records} --out {output} 2> {log}"
