# Downloads come first, so that a tier without its data ends before it has trained anything. They run
# where Snakemake runs, because the nodes of a cluster often have no way to the internet.
rule data:
    output:
        f"{RESULTS}/data/{{dataset}}.json",
    log:
        f"{RESULTS}/logs/data/{{dataset}}.log",
    priority: 100
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        dirgrad=command,
        config=config_file,
        directory=lambda wildcards: CONFIG.run.data_directory,
    shell:
        "{params.dirgrad} data {wildcards.dataset:q} --config {params.config:q}"
        " --out {output:q} 2> {log:q}"
