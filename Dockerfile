FROM python:3.11-slim-bookworm

# 1883 is the user of the broker's image too: both write the broker's rights file.
RUN groupadd --gid 1883 hub \
 && useradd --uid 1883 --gid 1883 --home-dir /var/lib/hub --create-home hub \
 && mkdir -p /mosquitto/rights \
 && chown -R hub:hub /mosquitto

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY hub ./hub
COPY devices ./devices
COPY simulators ./simulators
RUN pip install --no-cache-dir . && rm -rf /src

USER hub
WORKDIR /var/lib/hub
EXPOSE 8080
ENTRYPOINT ["hub"]
CMD ["run"]
