"""howsure inside Inspect (inspect_ai): metrics, early stopping, an estimate at the end of a task, intervals
in a log.

Inspect finds the metrics `howsure/clustered_se`, `howsure/interval` and `howsure/noise` and the hook
automatically if both packages are installed.
"""

from howsure.integrations.inspect.annotating import annotate
from howsure.integrations.inspect.metrics import PrintEstimate, clustered_se, interval, noise
from howsure.integrations.inspect.stopping import StopWhenDecided, shuffle_clusters, stop_when_decided

__all__ = [
    "PrintEstimate",
    "StopWhenDecided",
    "annotate",
    "clustered_se",
    "interval",
    "noise",
    "shuffle_clusters",
    "stop_when_decided",
]
