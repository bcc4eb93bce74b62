"""InfluxDB 2.x: a bucket, its mapping for InfluxQL, and the client's write and delete APIs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from influxdb_client import (
    DBRP,
    Bucket,
    BucketRetentionRules,
    BucketsService,
    DBRPCreate,
    DBRPsService,
    OrganizationsService,
    PatchBucketRequest,
    PatchRetentionRule,
    PostBucketRequest,
    WritePrecision,
)

from hub.adapters.series.fields import EARLIEST_MS, LATEST_MS
from hub.adapters.series.influx_http import BadRequestError, DeniedError, InfluxHttp, MissingError
from hub.adapters.series.influx_retention import retention_s, shard_s
from hub.errors import MisconfiguredError

_POLICY = "autogen"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InfluxV2:
    """Source: https://docs.influxdata.com/influxdb/v2/api/ ."""

    def __init__(
        self, http: InfluxHttp, *, org: str, bucket: str, retention_days: int | None
    ) -> None:
        self._http = http
        self._org = org
        self._bucket = bucket
        self._retention_days = retention_days

    @property
    def query_parameters(self) -> Mapping[str, str]:
        return {"db": self._bucket, "rp": _POLICY}

    async def prepare(self) -> None:
        """Make bucket and mapping; change a retention only where the settings name one."""
        bucket = await self._find_bucket() or await self._make_bucket()
        rules = {rule.every_seconds for rule in bucket.retention_rules or ()}
        if self._retention_days and rules != {retention_s(self._retention_days)}:
            await self._set_retention(bucket)
        await self._map(bucket)

    async def _find_bucket(self) -> Bucket | None:
        try:
            async with self._http.asking():
                found = await BucketsService(self._http.client.api_client).get_buckets_async(
                    org=self._org, name=self._bucket
                )
        except MissingError:
            return None
        return next((each for each in found.buckets or () if each.name == self._bucket), None)

    async def _make_bucket(self) -> Bucket:
        days = self._retention_days
        rules = [
            BucketRetentionRules(
                type="expire",
                every_seconds=retention_s(days),
                shard_group_duration_seconds=shard_s(days),
            )
            for days in ((days,) if days else ())
        ]
        wanted = PostBucketRequest(
            org_id=await self._org_id(), name=self._bucket, rp=None, retention_rules=rules
        )
        try:
            async with self._http.asking():
                service = BucketsService(self._http.client.api_client)
                made: Bucket = await service.post_buckets_async(post_bucket_request=wanted)
                return made
        except BadRequestError:
            # Another hub may have been quicker.
            bucket = await self._find_bucket()
            if bucket is None:
                raise
            return bucket

    async def _org_id(self) -> str:
        try:
            async with self._http.asking():
                service = OrganizationsService(self._http.client.api_client)
                found = await service.get_orgs_async(org=self._org)
        except MissingError:
            found = None
        for organization in found.orgs or () if found else ():
            if organization.name == self._org:
                return str(organization.id)
        message = f"InfluxDB has no organization {self._org!r} that this token may see; "
        message += "HUB_SERIES__ORG and HUB_SERIES__TOKEN must belong together"
        raise MisconfiguredError(message)

    async def _set_retention(self, bucket: Bucket) -> None:
        days = self._retention_days or 0
        rule = PatchRetentionRule(
            type="expire",
            every_seconds=retention_s(days),
            shard_group_duration_seconds=shard_s(days),
        )
        async with self._http.asking():
            await BucketsService(self._http.client.api_client).patch_buckets_id_async(
                bucket_id=bucket.id, patch_bucket_request=PatchBucketRequest(retention_rules=[rule])
            )

    async def _map(self, bucket: Bucket) -> None:
        """Let InfluxQL find the bucket as database, with `autogen` as its retention policy."""
        mapping = await self._mapping(bucket)
        if mapping is not None and not mapping.virtual:
            if mapping.bucket_id != bucket.id:
                message = f"InfluxDB maps the database {self._bucket!r} to another bucket; remove "
                message += (
                    "that mapping (`influx v1 dbrp delete`) or name another HUB_SERIES__BUCKET"
                )
                raise MisconfiguredError(message)
            return
        wanted = DBRPCreate(
            org_id=bucket.org_id,
            bucket_id=bucket.id,
            database=self._bucket,
            retention_policy=_POLICY,
            default=True,
        )
        try:
            async with self._http.asking():
                service = DBRPsService(self._http.client.api_client)
                await service.post_dbrp_async(dbrp_create=wanted)
        except DeniedError:
            # From 2.3 on a bucket has a mapping of its own name, also for a lesser token.
            if mapping is None:
                raise

    async def _mapping(self, bucket: Bucket) -> DBRP | None:
        async with self._http.asking():
            service = DBRPsService(self._http.client.api_client)
            found = await service.get_dbr_ps_async(
                org_id=bucket.org_id, db=self._bucket, rp=_POLICY
            )
        return next(iter(sorted(found.content or (), key=lambda each: bool(each.virtual))), None)

    async def write(self, lines: bytes) -> None:
        async with self._http.asking():
            await self._http.client.write_api().write(
                self._bucket,
                self._org,
                record=lines,
                write_precision=WritePrecision.MS,  # type: ignore[arg-type]  # a str there
            )

    async def delete(self, device: str, *, kind: str, start_ms: int, end_ms: int) -> None:
        if end_ms <= start_ms:
            return
        async with self._http.asking():
            await self._http.client.delete_api().delete(
                _rfc3339(start_ms),
                # The server takes both ends as inclusive, and counts in nanoseconds.
                _rfc3339(end_ms - 1, fraction="999999"),
                f"_measurement={_quoted(kind)} AND device={_quoted(device)}",
                self._bucket,
                self._org,
            )


def _quoted(value: str) -> str:
    """Return a predicate's value; the server's parser takes double quotes only."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rfc3339(at_ms: int, *, fraction: str = "000000") -> str:
    """Return the time to the nanosecond, `fraction` being those below the millisecond."""
    inside = min(max(at_ms, EARLIEST_MS), LATEST_MS - 1)
    at = _EPOCH + timedelta(milliseconds=inside)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{inside % 1000:03}{fraction}Z"
