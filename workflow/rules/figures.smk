PICTURED = plan.pictured(config)
EXPERIMENTS = list(config["experiments"])


def shown(figure, experiment):
    """The SVG of a figure, which the report shows."""
    return report(
        f"{FIGURE_ROOT}/{figure}_{experiment}.svg",
        caption=f"../report/figure_{figure}.rst",
        category="Figures",
        subcategory=figure,
        labels={"figure": figure, "experiment": experiment.replace("_", " ")},
    )


def drawn(figure, experiments):
    """The files of a figure, of all its experiments."""
    others = [f"{FIGURE_ROOT}/{figure}_{name}.{suffix}" for name in experiments for suffix in ("png", "pdf")]
    return [*(shown(figure, name) for name in experiments), *others]


def tables(*names):
    return [f"{RESULTS}/tables/{name}.csv" for name in names]


FIGURES = [*drawn("overview", ["all"]), *drawn("loss", EXPERIMENTS), *drawn("trajectories", PICTURED)]


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
        root=FIGURE_ROOT,
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
        root=FIGURE_ROOT,
        experiments=EXPERIMENTS,
    shell:
        "python -m dirgrad figure loss {params.experiments} --tables {input.tables} --out {params.root} 2> {log}"


rule trajectories:
    input:
        tables=tables("final", "trajectories") + [f"{RESULTS}/records/landscape.parquet"],
        code=plan.closure("dirgrad.figures.trajectories"),
    output:
        drawn("trajectories", PICTURED),
    log:
        f"{RESULTS}/logs/figures/trajectories.log",
    conda:
        "../../envs/report.yaml"
    params:
        root=FIGURE_ROOT,
        experiments=PICTURED,
    shell:
        "python -m dirgrad figure trajectories {params.experiments} --tables {input.tables} --out {params.root} 2> {log}"
