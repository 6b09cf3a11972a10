# Everything but the report itself: what the report is made of.
rule results:
    input:
        TABLES,
        VERDICTS,
        FIGURES,
        f"{RESULTS}/manifest.json",


# Snakemake itself makes the page, from the figures and tables that are wrapped in report(). Called inside the workflow,
# so that plain `snakemake` ends with the page and makes it again only when something in it has changed.
rule report:
    input:
        rules.results.input,
        captions=sorted(map(str, Path(workflow.basedir, "report").glob("*.rst"))),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report.log",
    conda:
        "../../envs/report.yaml"
    params:
        part=f"{RESULTS}/.part-report.html",
        snakefile=workflow.main_snakefile,
        raw=json.dumps(config, sort_keys=True),
    shell:
        "python -m snakemake results --snakefile {params.snakefile} --configfile <(printf %s {params.raw:q})"
        " --cores 1 --nolock --report {params.part} > {log} 2>&1"
        " && mv {params.part} {output}"
