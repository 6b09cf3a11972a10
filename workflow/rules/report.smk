rule front:
    input:
        manifest=f"{RESULTS}/manifest.json",
        claims=layout.csv_files(["claims", "evidence"], RESULTS),
        figures=[
            f"{FIGURE_ROOT}/{name}.png" for name in outputs.front_page_figures(CONFIG)
        ],
    output:
        f"{RESULTS}/front.html",
    log:
        f"{RESULTS}/logs/front.log",
    conda:
        "../../envs/report.yaml"
    params:
        code=code_inputs.digest(code_inputs.for_pages("dirgrad.report.pages.front")),
    shell:
        "python -m dirgrad front-page --manifest {input.manifest} --tables {input.claims}"
        " --figures {input.figures} --out {output} 2> {log}"


# All files that the report contains.
rule results:
    input:
        TABLES,
        VERDICTS,
        FIGURES,
        f"{RESULTS}/manifest.json",
        f"{RESULTS}/front.html",


# Snakemake makes the report from the files that are marked with report(). This job calls Snakemake
# again, so that a plain `snakemake` ends with the report and rebuilds it only after a change.
rule report:
    input:
        rules.results.input,
        references=[path for files in REFERENCES.values() for path in paths(files)],
        captions=sorted(map(str, Path(WORKFLOW, "report").iterdir())),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    conda:
        "../../envs/report.yaml"
    params:
        compared=[name for name, files in REFERENCES.items() if files],
        part=f"{RESULTS}/.part-report.html",
        snakefile=workflow.main_snakefile,
        style=Path(WORKFLOW, "report", "report.css"),
        override=json.dumps(OVERRIDE | {"tier": CONFIG.tier}, sort_keys=True),
    shell:
        "python -m snakemake results {params.compared} --snakefile {params.snakefile}"
        " --configfile <(printf %s {params.override:q})"
        " --cores 1 --nolock --report {params.part}"
        " --report-stylesheet {params.style} > {log} 2>&1"
        " && mv {params.part} {output}"
