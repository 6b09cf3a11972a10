# The default tier in a container, with the CPU build of PyTorch. `make image` builds it.
#
#     docker run --volume dirgrad:/study dirgrad                                 # the default tier
#     docker run --volume dirgrad:/study dirgrad snakemake --config tier=smoke   # another one
#
# The volume then has results/ and figures/, and an interrupted run resumes from it.
FROM python:3.13-slim

WORKDIR /opt/dirgrad
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --requirement requirements.lock \
    --extra-index-url https://download.pytorch.org/whl/cpu

COPY . ./
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --editable . \
    && python -m compileall -q src

# The code belongs to root and stays as it was built. The working directory shows it by links, so that
# the volume has only what a run writes.
RUN useradd --create-home --uid 1000 dirgrad \
    && mkdir -p /study/results /study/figures \
    && for name in Snakefile config envs profiles src workflow results/reference figures/reference; \
    do ln -s "/opt/dirgrad/$name" "/study/$name"; done \
    && chown -R dirgrad /study
USER 1000
WORKDIR /study
VOLUME /study

# The image has no repository, so the provenance takes the commit from here and marks it `-stated`.
ARG COMMIT=unknown
ENV DIRGRAD_COMMIT=$COMMIT
CMD ["snakemake"]
