import json


checked(config, ["config/config.yaml", *filter(None, [TIER_FILE])])
RESULTS = f"results/{config['tier']}"
FIGURE_ROOT = f"figures/{config['tier']}"
CELLS = plan.cells(config)
CONFIG = f"{RESULTS}/config.json"


wildcard_constraints:
    experiment="[a-z0-9_]+",
    backend="[a-z]+",
    table="[a-z]+",


# The configuration of a tier in one file, so that every job is a command that anyone can run again. What depends on it
# takes it as `ancient` and names the part that it reads in `params`: only an edit to that part makes it run again.
rule config:
    output:
        CONFIG,
    log:
        f"{RESULTS}/logs/config.log",
    conda:
        "../../envs/report.yaml"
    params:
        raw=json.dumps(config, sort_keys=True),
    shell:
        "python -m dirgrad config --config /dev/stdin --out {output} <<< {params.raw:q} 2> {log}"
