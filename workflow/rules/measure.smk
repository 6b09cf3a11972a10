# One rule per instrument, because their outputs differ. A cost measurement reserves all cores, so
# that no other job disturbs its times.
for INSTRUMENT, KINDS in plan.RECORD_KINDS.items():

    rule:
        name:
            f"measure_{INSTRUMENT}"
        input:
            code=measurement_code(INSTRUMENT),
            data=measurement_receipts(INSTRUMENT),
        output:
            [
                f"{RESULTS}/records/{INSTRUMENT}/{{name}}/{{backend}}/{kind}.parquet"
                for kind in KINDS
            ],
        log:
            f"{RESULTS}/logs/{INSTRUMENT}/{{name}}/{{backend}}.log",
        conda:
            "../../envs/{backend}.yaml"
        threads: workflow.cores if INSTRUMENT == "cost" else 1
        params:
            config=CONFIG,
            settings=measurement_settings(INSTRUMENT),
            path=f"{INSTRUMENT}/{{name}}/{{backend}}",
            out=lambda wildcards, output: Path(output[0]).parent,
        shell:
            "python -m dirgrad measure {params.path} --config {params.config}"
            " --out {params.out} 2> {log}"
