# The limit belongs to the workflow, so that no profile and no option of the command line lifts it.
workflow.register_resource("timing", 1)
if workflow.is_main_process and any(
    "timing" in resources
    for resources in workflow.resource_settings.overwrite_resources.values()
):
    stop("--set-resources: `timing` cannot be set: set run.exclusive to false")


# One rule per kind of jobs, because their records differ. A cost measurement reserves all cores, so
# that no other job disturbs its times; with `run.exclusive`, so does one training job the others.
# On a cluster, the cores of this machine mean nothing, and the job reserves a node instead.
for KIND, (_, _, _, RECORD_KINDS) in JOB_KINDS.items():

    rule:
        name:
            f"run_{KIND}"
        input:
            data=of_job(KIND, receipts),
        output:
            [
                f"{RESULTS}/records/{KIND}/{{name}}/{{backend}}/{record}.parquet"
                for record in RECORD_KINDS
            ],
        log:
            f"{RESULTS}/logs/{KIND}/{{name}}/{{backend}}.log",
        conda:
            "../../envs/{backend}.yaml"
        threads: threads_of(KIND)
        resources:
            **undisturbed(KIND),
            timing=int(KIND == "training" and CONFIG.run.exclusive),
            runtime=asked(KIND, job_resources.minutes),
            mem_mb=asked(KIND, job_resources.megabytes),
        params:
            dirgrad=command,
            config=config_file,
            settings=of_job(KIND, settings),
            code=of_job(KIND, code),
            job=f"{KIND}/{{name}}/{{backend}}",
            threads=lambda wildcards, threads: min(threads, CONFIG.run.threads),
            out=lambda wildcards, output: Path(output[0]).parent,
        shell:
            "{params.dirgrad} run {params.job:q} --config {params.config:q}"
            " --threads {params.threads:q} --out {params.out:q} 2> {log:q}"


LANDSCAPES = plan.two_parameter_problems(CONFIG)


rule landscape:
    output:
        f"{RESULTS}/records/landscape.parquet",
    log:
        f"{RESULTS}/logs/landscape.log",
    conda:
        f"../../envs/{CONFIG.backends[0]}.yaml"
    params:
        dirgrad=command,
        config=config_file,
        code=code_inputs.digest(code_inputs.for_landscape(CONFIG)),
        problems=lambda wildcards: json.dumps(
            {name: to_plain(problem) for name, problem in LANDSCAPES.items()}
        ),
    shell:
        "{params.dirgrad} landscape --config {params.config:q} --out {output:q} 2> {log:q}"
