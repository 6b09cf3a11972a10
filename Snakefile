# Entry for `snakemake` at the top of the repository. The workflow is in workflow/, where the
# catalog of Snakemake workflows expects it. Both entries plan the same jobs.
include: "workflow/Snakefile"


# An included file cannot set the default target, so it is set again here.
rule default:
    default_target: True
    input:
        rules.all.input,
