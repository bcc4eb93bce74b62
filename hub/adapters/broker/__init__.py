"""The `Broker` port: MQTT brokers through paho, and one in memory."""
