# The gateway and the API proxy: one static program, made by `make build`. It
# brings its own certificate authorities, so there is nothing else in here. It
# runs with a read-only root: /data and /tmp are volumes that user 65532 may
# write to.
FROM scratch

COPY bin/lectern /usr/local/bin/lectern
COPY courses /courses

# A number, so that Kubernetes can tell that it is not root.
USER 65532:65532

# SSH, web page, API proxy, metrics and health
EXPOSE 2222 8080 8787 9090

ENTRYPOINT ["/usr/local/bin/lectern"]
CMD ["serve"]
