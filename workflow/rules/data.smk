# Downloads come first, so that a tier without its data ends before it has trained anything.
rule data:
    output:
        f"{RESULTS}/data/{{dataset}}.json",
    log:
        f"{RESULTS}/logs/data/{{dataset}}.log",
    priority: 100
    conda:
        "../../envs/report.yaml"
    params:
        config=ARGUMENTS,
        directory=CONFIG.run.data_directory,
    shell:
        "python -m dirgrad data {wildcards.dataset} --config {params.config}"
        " --out {output} 2> {log}"
