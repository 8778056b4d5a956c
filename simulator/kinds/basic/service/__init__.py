"""`service`: a synchronous microservice, request and response."""
