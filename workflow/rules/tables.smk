TABLE_NAMES = ["final", "curves", "trajectories"]
TABLES = [f"{RESULTS}/tables/{name}.csv" for name in TABLE_NAMES]
RECORDS = [
    f"{RESULTS}/records/{cell}/{kind}.parquet"
    for cell in CELLS
    for kind in ("trials", "curves")
]


rule table:
    input:
        records=RECORDS,
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
        records=lambda wildcards, input: Path(input.records[0]).parents[2],
    shell:
        "python -m dirgrad table {wildcards.table} --config {params.config} --records {params.records} --out {output} 2> {log}"


rule manifest:
    input:
        records=RECORDS,
        code=plan.closure("dirgrad.manifest"),
    output:
        f"{RESULTS}/manifest.json",
    log:
        f"{RESULTS}/logs/manifest.log",
    conda:
        "../../envs/report.yaml"
    params:
        config=CONFIG,
        all=json.dumps(config, sort_keys=True),
        records=lambda wildcards, input: Path(input.records[0]).parents[2],
    shell:
        "python -m dirgrad manifest --config {params.config} --records {params.records} --out {output} 2> {log}"
