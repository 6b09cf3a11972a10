#!/usr/bin/env bash
# Install the wheel of dirgrad in a new environment, start a study with it and run the study at tiny
# size. Then copy the workflow to a folder without the package, and plan the study with the copy. All
# other packages come from the environment on the PATH, and pip fetches hatchling.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp --directory)
trap 'rm -rf "$folder"' EXIT
unset PYTHONPATH

python -m pip wheel --quiet --no-deps --wheel-dir "$folder" .
python -m venv --without-pip "$folder/venv"
bin=$folder/venv/bin
packages=$("$bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$packages/others.pth"
python -m pip --python "$bin/python" install --quiet --no-deps --ignore-installed "$folder"/dirgrad-*.whl
for name in workflow envs; do mkdir -p "$folder/elsewhere" && cp -r "$name" "$folder/elsewhere"; done

mkdir "$folder/study" && cd "$folder/study"
"$bin/dirgrad" --help > /dev/null
"$bin/dirgrad" workflow init
tiny=(--config backends=[jax] 'experiments={digits: {steps: 20, seeds: 2}}' 'statistics={resamples: 50}')
"$bin/python" -m snakemake --cores 1 --quiet --profile none "${tiny[@]}"
test -s results/default/report.html
"$bin/python" -m snakemake --cores 1 "${tiny[@]}" 2>&1 | grep "Nothing to be done"
sed "s|str(pipeline_folder() / \"workflow\" / \"Snakefile\")|\"$folder/elsewhere/workflow/Snakefile\"|" Snakefile > elsewhere.smk
grep -q elsewhere/workflow elsewhere.smk
rm -r results figures
"$bin/python" -m snakemake --snakefile elsewhere.smk --cores 1 --dry-run --quiet "${tiny[@]}"
echo "The wheel starts a study, runs it, and serves a workflow from elsewhere."
