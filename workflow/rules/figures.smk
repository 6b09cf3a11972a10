DRAWINGS = outputs.figure_specs(config)
# Plain names: what is marked for the report is what the jobs that draw leave behind.
FIGURES = [str(path) for name in DRAWINGS for path in drawn(name)]


# One job draws all figures of a kind from the same tables, which are out of date together; one that needs the records of its
# subjects alone has a job of its own, and so can be had without all else.
for JOB, NAMES in outputs.drawing_jobs(DRAWINGS).items():

    rule:
        name:
            f"draw_{JOB}"
        input:
            tables=figure_tables(DRAWINGS[NAMES[0]]),
            records=figure_records(DRAWINGS[NAMES[0]]),
            code=code_inputs.for_figure(DRAWINGS[NAMES[0]]),
        output:
            [path for name in NAMES for path in drawn(name)],
        log:
            f"{RESULTS}/logs/figures/{JOB}.log",
        conda:
            "../../envs/report.yaml"
        params:
            config=CONFIG,
            names=NAMES,
            statistics=json.dumps(config.get("statistics", {})),
            records=records_root,
            root=lambda wildcards, output: Path(output[0]).parent,
        shell:
            "python -m dirgrad figure {params.names} --config {params.config} --records {params.records}"
            " --tables {input.tables} --out {params.root} 2> {log}"


# `snakemake baydin_fig3` makes that figure.
for NAME in DRAWINGS:

    rule:
        name:
            NAME
        input:
            drawn(NAME),
