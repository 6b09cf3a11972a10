FIGURE_SPECS = outputs.report_figures(CONFIG)
# The folder does not exist if the workflow runs in another directory.
REFERENCES = {
    name: layout.reference_figure(name, spec, Path("figures/reference"))
    for name, spec in FIGURE_SPECS.items()
}
FIGURE_FILES = {
    name: layout.figure_files(CONFIG, name, spec, FIGURE_ROOT, bool(REFERENCES[name]))
    for name, spec in FIGURE_SPECS.items()
}
FIGURES = []


# Figures of one module that use the tables of the whole tier share jobs, because they go out of
# date together. A figure that needs only its own records has its own job and can be drawn early.
for JOB, NAMES in outputs.drawing_jobs(FIGURE_SPECS).items():

    rule:
        name:
            f"draw_{JOB}"
        input:
            **layout.figure_inputs(CONFIG, FIGURE_SPECS[NAMES[0]], RESULTS),
        output:
            [
                path
                for name in NAMES
                for path in marked(FIGURE_FILES[name], "../report/figure.rst")
            ],
        log:
            f"{RESULTS}/logs/figures/{JOB}.log",
        conda:
            "../../envs/report.yaml"
        params:
            dirgrad=command,
            config=config_file,
            names=NAMES,
            statistics=lambda wildcards: CONFIG.statistics.model_dump_json(),
            code=code_inputs.digest(code_inputs.for_figure(FIGURE_SPECS[NAMES[0]])),
            records=lambda wildcards: f"{RESULTS}/records",
            root=lambda wildcards, output: Path(output[0]).parent,
            title=FIGURE_SPECS[NAMES[0]].declared.title,
            caption=FIGURE_SPECS[NAMES[0]].declared.caption,
        shell:
            "{params.dirgrad} figure {params.names:q} --config {params.config:q}"
            " --records {params.records:q} --tables {input.tables:q} --out {params.root:q} 2> {log:q}"

    # Each file names the rule that makes it, so Snakemake need not compare it with all outputs. Only
    # the outputs carry the marks of report().
    FIGURES += [
        IOFile(
            path,
            workflow.get_rule(workflow.modifier.modify_rulename(f"draw_{JOB}")),
        )
        for name in NAMES
        for path in paths(FIGURE_FILES[name])
    ]


def files_of_figure(name):
    """Return an input function. Snakemake calls it only if a user asks for the figure."""
    return lambda wildcards: paths(FIGURE_FILES[name])


# `snakemake baydin_fig3` draws that figure. A figure of one point of a sweep, such as loss_szoht_50,
# has no rule, and `dirgrad figure` draws it. The report also reads these rules, for the captions of
# the committed figures, which no job makes.
for NAME in FIGURE_SPECS:

    rule:
        name:
            NAME
        input:
            files_of_figure(NAME),
            marked(REFERENCES[NAME], "../report/figure.rst"),
        params:
            title=FIGURE_SPECS[NAME].declared.title,
            caption=FIGURE_SPECS[NAME].declared.caption,
