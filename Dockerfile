# The zoo on the CPU, with the versions of constraints.txt:
#   docker build -t recurrent-zoo .
#   docker run --rm -v "$PWD/runs:/home/zoo/runs" recurrent-zoo fit --config digits_bilstm_residual
FROM python:3.11-slim AS wheel
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY zoo zoo
COPY recipes recipes
RUN pip install --no-cache-dir build && python -m build --wheel

FROM python:3.11-slim
# The engine c compiles its programs with a C compiler.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY constraints.txt /tmp/
COPY --from=wheel /build/dist/*.whl /tmp/
# Where an index has torch for CPUs alone, which is a tenth as large: --build-arg PIP_EXTRA_INDEX_URL=ADDRESS
ARG PIP_EXTRA_INDEX_URL
RUN pip install --no-cache-dir -c /tmp/constraints.txt "$(ls /tmp/*.whl)[sweep]"
RUN useradd --create-home zoo
USER zoo
WORKDIR /home/zoo
ENTRYPOINT ["zoo"]
CMD ["--help"]
