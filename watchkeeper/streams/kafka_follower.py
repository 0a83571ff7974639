"""For those who keep the state that belongs to a partition's offset elsewhere than in the group's commits."""


class Follower:
    """Told by the source of every partition that comes and goes, on the source's own thread.

    The base class follows nothing: partitions start where the group stopped.
    """

    def opened(self, topic: str, partition: int) -> int | None:
        """The partition is ours now: at which offset shall its reading start? None: where the group stopped.

        An offset that the topic has no more means its oldest. May raise
        :class:`~watchkeeper.errors.Transient`: then the source's ``poll`` raises it, and the next one asks again.
        """
        return None

    def lost(self, topic: str, partition: int) -> None:
        """The partition is ours no more, and nothing of it will be handed out until it is opened again."""
