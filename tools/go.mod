module touyan.dev/touyan/tools

go 1.26.8
