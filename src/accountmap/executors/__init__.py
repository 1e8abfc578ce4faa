"""Where bulk work runs: one interface, several places."""

from accountmap.executors.interface import Executor
from accountmap.executors.processes import ProcessExecutor
from accountmap.executors.serial import SerialExecutor
from accountmap.executors.threads import ThreadExecutor

__all__ = ["Executor", "ProcessExecutor", "SerialExecutor", "ThreadExecutor"]
