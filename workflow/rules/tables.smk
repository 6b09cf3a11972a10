TABLES = tables(*products.tables(config))
RECORDS = plan.leaves(config)


rule table:
    input:
        records=table_records,
        code=table_sources,
    output:
        report(
            f"{RESULTS}/tables/{{table}}.csv",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
    log:
        f"{RESULTS}/logs/tables/{{table}}.log",
    conda:
        "../../envs/report.yaml"
    params:
        config=CONFIG,
        statistics=json.dumps(config.get("statistics", {})),
        records=records_root,
    shell:
        "python -m dirgrad table {wildcards.table} --config {params.config} --records {params.records} --out {output} 2> {log}"


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
