FIGURE_SPECS = outputs.figure_specs(CONFIG)
# Plain strings: only the outputs of the drawing jobs carry the marks of report().
FIGURES = [str(path) for name in FIGURE_SPECS for path in figure_outputs(name)]


# Figures of one module that use the tables of the whole tier share a job, because they go out of
# date together. A figure that needs only its own records has its own job and can be drawn early.
for JOB, NAMES in outputs.drawing_jobs(FIGURE_SPECS).items():

    rule:
        name:
            f"draw_{JOB}"
        input:
            tables=figure_tables(FIGURE_SPECS[NAMES[0]]),
            records=figure_records(FIGURE_SPECS[NAMES[0]]),
        output:
            [path for name in NAMES for path in figure_outputs(name)],
        log:
            f"{RESULTS}/logs/figures/{JOB}.log",
        conda:
            "../../envs/report.yaml"
        params:
            config=ARGUMENTS,
            names=NAMES,
            statistics=CONFIG.statistics.model_dump_json(),
            code=code_inputs.digest(code_inputs.for_figure(FIGURE_SPECS[NAMES[0]])),
            records=records_root,
            root=lambda wildcards, output: Path(output[0]).parent,
        shell:
            "python -m dirgrad figure {params.names} --config {params.config}"
            " --records {params.records} --tables {input.tables} --out {params.root} 2> {log}"


# `snakemake baydin_fig3` draws that figure.
for NAME in FIGURE_SPECS:

    rule:
        name:
            NAME
        input:
            figure_outputs(NAME),
