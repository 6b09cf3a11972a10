TABLES = tables(*products.tables(config))
RECORDS = plan.leaves(config)


# Tables to read, and tables whose rows are points of figures: CSV alone. They differ in nothing else.
for KIND, NAMES in products.kinds_of_tables().items():

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


rule manifest:
    input:
        records=recorded(RECORDS),
        code=sources.closure("dirgrad.manifest"),
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
