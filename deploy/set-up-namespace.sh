#!/bin/sh
# Makes the namespace TEMPORAL_NAMESPACE on the server TEMPORAL_ADDRESS, or changes its retention to RETENTION.
# You can safely run this again.
set -eu

set_up() {
    temporal operator cluster health || return
    if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE"; then
        temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
    else
        temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
    fi
}

# The port answers before the server is ready, and all of the server knows a new namespace only some seconds later.
tries=60
until said=$(set_up 2>&1); do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        echo "$said" >&2
        echo "Gave up on namespace $TEMPORAL_NAMESPACE at $TEMPORAL_ADDRESS: see the temporal service's log" >&2
        exit 1
    fi
    sleep 2
done
echo "Namespace $TEMPORAL_NAMESPACE keeps closed runs for $RETENTION"
