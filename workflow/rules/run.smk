rule run:
    input:
        code=cell_code,
        data=cell_receipts,
    output:
        trials=f"{RESULTS}/records/{{experiment}}/{{backend}}/trials.parquet",
        curves=f"{RESULTS}/records/{{experiment}}/{{backend}}/curves.parquet",
    log:
        f"{RESULTS}/logs/run/{{experiment}}/{{backend}}.log",
    conda:
        "../../envs/{backend}.yaml"
    threads: config.get("run", {}).get("threads", 2)
    resources:
        timing=int(config.get("run", {}).get("exclusive", True)),
    params:
        config=CONFIG,
        settings=cell_settings,
        out=lambda wildcards, output: Path(output.trials).parent,
    shell:
        "python -m dirgrad run {wildcards.experiment}/{wildcards.backend}"
        " --config {params.config} --threads {threads} --out {params.out} 2> {log}"


rule landscape:
    input:
        code=code_inputs.for_landscape(config),
    output:
        f"{RESULTS}/records/landscape.parquet",
    log:
        f"{RESULTS}/logs/landscape.log",
    conda:
        f"../../envs/{config['backends'][0]}.yaml"
    params:
        config=CONFIG,
        problems=json.dumps(
            {
                name: config["experiments"][name]["problem"]
                for name in plan.two_parameter_experiments(config)
            }
        ),
    shell:
        "python -m dirgrad landscape --config {params.config} --out {output} 2> {log}"
