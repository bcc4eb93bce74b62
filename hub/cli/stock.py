"""What is in a fridge, and until when."""

from hub.cli.account import Account, at, signed_in
from hub.cli.devices import Device


@signed_in
def stock(account: Account, device: Device) -> None:
    """List what is in a fridge; what expires first comes first.

    Example: hub stock f-19ac
    """
    found = account.listed(at("devices", device, "stock"))
    account.say(
        found,
        lambda: account.speech.table(
            ("item", "name", "quantity", "expires", "since"),
            [
                (
                    one["item"],
                    one["name"],
                    f"{one['quantity']:g} {one['unit'].strip('{}')}",
                    one["expires"],
                    account.speech.time(one["added_at"]),
                )
                for one in found
            ],
        ),
    )
