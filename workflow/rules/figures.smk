PICTURED = plan.pictured(config)
EXPERIMENTS = list(config["experiments"])


FIGURES = [
    *drawn("overview", ["all"]),
    *drawn("loss", EXPERIMENTS),
    *drawn("trajectories", PICTURED),
]


rule overview:
    input:
        tables=tables("final"),
        code=plan.closure("dirgrad.figures.overview"),
    output:
        drawn("overview", ["all"]),
    log:
        f"{RESULTS}/logs/figures/overview.log",
    conda:
        "../../envs/report.yaml"
    params:
        root=lambda wildcards, output: Path(output[0]).parent,
    shell:
        "python -m dirgrad figure overview all --tables {input.tables} --out {params.root} 2> {log}"


# One job draws all experiments: they read the same tables, so they are out of date together.
rule loss:
    input:
        tables=tables("final", "curves"),
        code=plan.closure("dirgrad.figures.loss"),
    output:
        drawn("loss", EXPERIMENTS),
    log:
        f"{RESULTS}/logs/figures/loss.log",
    conda:
        "../../envs/report.yaml"
    params:
        root=lambda wildcards, output: Path(output[0]).parent,
        experiments=EXPERIMENTS,
    shell:
        "python -m dirgrad figure loss {params.experiments} --tables {input.tables} --out {params.root} 2> {log}"


rule trajectories:
    input:
        tables=tables("final", "trajectories")
        + [f"{RESULTS}/records/landscape.parquet"],
        code=plan.closure("dirgrad.figures.trajectories"),
    output:
        drawn("trajectories", PICTURED),
    log:
        f"{RESULTS}/logs/figures/trajectories.log",
    conda:
        "../../envs/report.yaml"
    params:
        root=lambda wildcards, output: Path(output[0]).parent,
        experiments=PICTURED,
    shell:
        "python -m dirgrad figure trajectories {params.experiments} --tables {input.tables} --out {params.root} 2> {log}"
