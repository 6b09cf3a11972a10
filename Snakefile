# The entry for `snakemake` at the top of the repository. The workflow itself is in workflow/, where the catalogue of
# Snakemake workflows looks for it; both entries plan the same jobs.
include: "workflow/Snakefile"


# An included file cannot set the default target, so this file names it again.
rule default:
    default_target: True
    input:
        rules.all.input,
