#!/bin/sh
# run.sh WORK ROOT: the producer in WORK/venv; ROOT is Greengrass' own folder, with the device's certificate.
set -eu
work=$1 root=$2
case $MOODLENS_GREENGRASS_IDENTITY in
  password)  # the store's broker: camera.env, as `admin enroll` wrote it, says all, and holds the password
    exec "$work/venv/bin/python" -m producer --env-file "$MOODLENS_GREENGRASS_ENV_FILE"
    ;;
  device)  # AWS IoT Core, or a broker that knows the device's certificate
    export MOODLENS_PRODUCER_CAMERA="$MOODLENS_GREENGRASS_CAMERA"
    export MOODLENS_MQTT_HOST="$MOODLENS_GREENGRASS_HOST" MOODLENS_MQTT_PORT="$MOODLENS_GREENGRASS_PORT"
    export MOODLENS_MQTT_TLS=true MOODLENS_MQTT_CA_FILE="$root/rootCA.pem"
    export MOODLENS_MQTT_CERT_FILE="$root/thingCert.crt" MOODLENS_MQTT_KEY_FILE="$root/privKey.key"
    exec "$work/venv/bin/python" -m producer
    ;;
  *)
    echo "moodlens.Camera: identity is neither password nor device" >&2
    exit 1
    ;;
esac
