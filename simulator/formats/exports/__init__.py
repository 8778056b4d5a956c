"""Designs written in the formats of other programs: one file per format, one line each in `table`."""

#: Names of the formats, for those who only need to know which there are (`table.EXPORTS` loads them all).
FORMAT_NAMES = (
    "yaml",
    "svg",
    "png",
    "mermaid",
    "drawio",
    "structurizr",
    "plantuml",
    "dot",
    "rabbitmq",
    "strimzi",
    "asyncapi",
    "sam",
    "asl",
    "infracost",
    "json",
    "csv",
    "parquet",
    "otlp",
)
