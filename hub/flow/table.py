"""The table: which stages take which class of message, and why the flow must end."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from hub.model import (
    AcknowledgeRequest,
    Amendment,
    CancelRequest,
    Checkpoint,
    CommandProgress,
    CommandRequest,
    DeadLetter,
    DesiredRequest,
    DeviceEvent,
    Rejected,
    Reply,
    Sample,
    Skipped,
    SnoozeRequest,
    StateReport,
    StatusReport,
    Timer,
    TimerFired,
)
from hub.model.changes import (
    Admitted,
    AlarmChanged,
    CommandChanged,
    CommandQueued,
    DesiredDue,
    Hush,
    ReceiptDue,
    Recorded,
    StateChanged,
    TimerEnded,
    Touch,
)
from hub.stages import admission, alerts, answers, commands, rules, silence, twin

Stage = Callable[[Any, Any], Iterable[Any]]

STAGES: Mapping[type, tuple[Stage, ...]] = {
    # what comes in
    Sample: (admission.admit_sample,),
    Skipped: (admission.admit_skipped,),
    Rejected: (admission.admit_rejected,),
    DeviceEvent: (admission.admit_event,),
    StateReport: (admission.admit_state,),
    StatusReport: (twin.connect,),
    Reply: (commands.hear,),
    CommandProgress: (alerts.went_out, commands.progress),
    CommandRequest: (commands.request,),
    CancelRequest: (commands.cancel,),
    DesiredRequest: (twin.desire,),
    twin.RulesChanged: (twin.rules_changed,),
    AcknowledgeRequest: (answers.acknowledge,),
    SnoozeRequest: (answers.snooze,),
    TimerFired: (silence.fall_silent, alerts.tell_contact),
    # what follows from it
    Admitted: (rules.judge,),
    Recorded: (answers.hear,),
    Touch: (alerts.deliver,),
    Hush: (alerts.hush,),
    CommandQueued: (commands.queue,),
}

RANKS: Mapping[type, int] = {
    **dict.fromkeys(
        (
            Sample,
            Skipped,
            Rejected,
            DeviceEvent,
            StateReport,
            StatusReport,
            Reply,
            CommandProgress,
            CommandRequest,
            CancelRequest,
            DesiredRequest,
            twin.RulesChanged,
            AcknowledgeRequest,
            SnoozeRequest,
            TimerFired,
        ),
        0,
    ),
    Admitted: 1,
    Recorded: 1,
    Touch: 2,
    Hush: 2,
    CommandQueued: 3,
    **dict.fromkeys(
        (
            AlarmChanged,
            Amendment,
            Checkpoint,
            CommandChanged,
            DeadLetter,
            DesiredDue,
            ReceiptDue,
            StateChanged,
            Timer,
            TimerEnded,
        ),
        4,
    ),
}
"""A stage answers only with classes of a higher rank than what it took: so the flow ends."""
