"""Services that tell what a filed recording is, one file each; each fulfils `model.ports.Enricher`.

Each module has `LABEL`, what a person calls the service, and `LIMITS`, how much of it we use.
"""
