rule front:
    input:
        manifest=f"{RESULTS}/manifest.json",
        claims=layout.csv_files(["claims", "evidence"], RESULTS),
        figures=[
            f"{FIGURE_ROOT}/{name}.png"
            for name in outputs.front_page_figures(FIGURE_SPECS)
        ],
    output:
        f"{RESULTS}/front.html",
    log:
        f"{RESULTS}/logs/front.log",
    conda:
        "../../envs/report.yaml"
    params:
        dirgrad=command,
        code=code_inputs.digest(code_inputs.for_pages("dirgrad.report.pages.front")),
    shell:
        "{params.dirgrad} front-page --manifest {input.manifest:q} --tables {input.claims:q}"
        " --figures {input.figures:q} --out {output:q} 2> {log:q}"


REPORTED = [
    *TABLES,
    *VERDICTS,
    *FIGURES,
    f"{RESULTS}/manifest.json",
    f"{RESULTS}/front.html",
    f"{RESULTS}/explore.html",
]


# A page of its own, which also works without the report.
rule explore:
    input:
        manifest=f"{RESULTS}/manifest.json",
        tables=[TABLES, VERDICTS],
    output:
        marked([layout.explore_file(RESULTS)], "../report/explore.rst"),
    log:
        f"{RESULTS}/logs/explore.log",
    conda:
        "../../envs/report.yaml"
    params:
        dirgrad=command,
        # The page imports this module late, so the code of the page does not name it.
        code=code_inputs.digest(
            code_inputs.for_pages(
                "dirgrad.report.pages.explore", "dirgrad.report.pages.explore_chart"
            )
        ),
    shell:
        "{params.dirgrad} explore --manifest {input.manifest:q} --tables {input.tables:q}"
        " --out {output:q} 2> {log:q}"


# All files that the report contains. A function is called only if somebody asks for the rule.
rule results:
    input:
        lambda wildcards: REPORTED,


STYLE = workflow.source_path("../report/report.css")


# Snakemake makes the report from the files that are marked with report(). This job calls Snakemake
# again, so that a plain `snakemake` ends with the report and rebuilds it only after a change.
rule report:
    input:
        REPORTED,
        references=[path for files in REFERENCES.values() for path in paths(files)],
        captions=sorted(map(str, Path(WORKFLOW, "report").glob("*"))),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    conda:
        "../../envs/report.yaml"
    params:
        python=python,
        targets=[
            workflow.modifier.modify_rulename(name)
            for name in ["results", *(name for name in REFERENCES if REFERENCES[name])]
        ],
        snakefile=lambda wildcards: str(workflow.main_snakefile),
        config=importer_config,
        replace=lambda wildcards, input: (
            ["--replace-workflow-config"]
            * workflow.config_settings.replace_workflow_config
        ),
        part=lambda wildcards, output: (
            f"{RESULTS}/{atomic.PART}{os.getpid()}-report.html"
        ),
        style=lambda wildcards, input: STYLE,
    shell:
        "{params.python} -P -m snakemake {params.targets:q} --snakefile {params.snakefile:q}"
        " --configfile {params.config:q} {params.replace} --cores 1 --nolock"
        " --report {params.part:q} --report-stylesheet {params.style:q} > {log:q} 2>&1"
        " && mv {params.part:q} {output:q} || {{ rm -f {params.part:q}; exit 1; }}"


CHECKOUT = WORKFLOW.parent if LOCAL else Path()


# Everything for a reviewer or an archive. It is not part of `all`, because it has every record.
rule pack:
    input:
        REPORTED,
        records=rules.manifest.input.records,
        claims=CLAIMS,
        judgements=JUDGEMENTS,
    output:
        page=f"{RESULTS}/pack/REPRODUCIBILITY.md",
        crate=f"{RESULTS}/pack/ro-crate-metadata.json",
        archive=f"{RESULTS}/pack/pack.zip",
    log:
        f"{RESULTS}/logs/pack.log",
    conda:
        "../../envs/report.yaml"
    params:
        dirgrad=command,
        config=config_file,
        sources=lambda wildcards: code_inputs.digest(
            map(str, packed_files.source_paths(CHECKOUT, Path()).values())
        ),
        checkout=lambda wildcards, input: CHECKOUT,
        results=lambda wildcards, input: RESULTS,
        figures=lambda wildcards, input: FIGURE_ROOT,
        out=lambda wildcards, output: Path(output.page).parent,
    shell:
        "{params.dirgrad} pack {params.results:q} --figures {params.figures:q}"
        " --config {params.config:q} --claims {input.claims:q}"
        " --judgements {input.judgements:q} --checkout {params.checkout:q}"
        " --out {params.out:q} 2> {log:q}"
