"""A job that runs at SageMaker: its state and its log, until it is over."""

from collections.abc import Callable
from typing import Any, Final

from rich.console import Console

from training.aws.errors import explained, find_code
from training.errors import AwsError

LOG_GROUP: Final = "/aws/sagemaker/TrainingJobs"
POLL_S: Final = 10.0
OVER: Final = ("Completed", "Failed", "Stopped")


def follow(
    sagemaker: Any, logs: Any, name: str, console: Console, pause: Callable[[float], None]
) -> dict[str, Any]:
    """Print what a job does and logs until it is over.

    Args:
        sagemaker: client.
        logs: client of CloudWatch Logs.
        name: of the job.
        console: where to print.
        pause: waits so many seconds.

    Returns:
        SageMaker's description of the job when it was over.

    Raises:
        AwsError: AWS does not answer or refuses; the job goes on.
    """
    log = JobLog(logs, name)
    told = 0
    with console.status("waiting for SageMaker") as status:
        while True:
            with explained(name):
                job: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
            transitions = job.get("SecondaryStatusTransitions", [])
            for step in transitions[told:]:
                console.print(f"[{step['Status']}] {step.get('StatusMessage', '')}", markup=False)
            told = max(told, len(transitions))
            for line in log.read():
                console.print(line, markup=False)
            if job["TrainingJobStatus"] in OVER:
                return job
            status.update(f"{name}: {job.get('SecondaryStatus', job['TrainingJobStatus'])}")
            pause(POLL_S)


class JobLog:
    """The lines that the machines of a job wrote to CloudWatch, each once.

    Args:
        logs: client of CloudWatch Logs.
        name: of the job.
    """

    def __init__(self, logs: Any, name: str) -> None:
        self._logs = logs
        self._prefix = f"{name}/"
        self._tokens: dict[str, str] = {}
        self._is_forbidden = False

    def read(self) -> list[str]:
        """The lines since the last call; a log that may not be read says so once.

        Raises:
            AwsError: AWS does not answer.
        """
        lines: list[str] = []
        if self._is_forbidden:
            return lines
        try:
            with explained(self._prefix):
                self._read_into(lines)
        except AwsError as error:
            code = find_code(error.__cause__)
            if not code:
                raise
            # there is no log before the first line, and a throttled reader is served next time
            if code.startswith("AccessDenied"):
                self._is_forbidden = True
                lines.append("(no permission to read the log: docs/iam/sagemaker-operator.json gives it)")
        return lines

    def _read_into(self, lines: list[str]) -> None:
        found = self._logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=self._prefix)
        # a spot job has one for each machine that it had
        for stream in sorted(one["logStreamName"] for one in found["logStreams"]):
            is_end = False
            while not is_end:
                token = {"nextToken": self._tokens[stream]} if stream in self._tokens else {}
                page = self._logs.get_log_events(
                    logGroupName=LOG_GROUP, logStreamName=stream, startFromHead=True, **token
                )
                lines += [event["message"].rstrip() for event in page["events"]]
                is_end = self._tokens.get(stream) == page["nextForwardToken"]
                self._tokens[stream] = page["nextForwardToken"]


def refuse_unless_completed(job: dict[str, Any], name: str) -> None:
    """Hold a job that is over to its end.

    Args:
        job: SageMaker's description.
        name: of the job.

    Raises:
        AwsError: it failed or was stopped.
    """
    status = job["TrainingJobStatus"]
    if status == "Failed":
        reason = " ".join(str(job.get("FailureReason", "no reason given")).split())
        raise AwsError(f"the job {name} failed: {reason}")
    if status == "Stopped":
        raise AwsError(
            f"the job {name} was stopped before its end ({job.get('SecondaryStatus', status)}): "
            "start another, if need be with a larger --max-hours, or go on here from its checkpoints "
            "(docs/aws.md, 4. Train)"
        )
