"""Rankings measured on contracts really won: what was known before each of them, who could have won it, who did.

``world`` firms and contracts in columns; ``history`` what was known before a day; ``pairs`` candidates of a contract;
``rankers``, ``additive``, ``boosting`` ways to rank; ``walk`` through time; ``metrics``, ``decay``, ``partners`` what
is measured; ``charts``, ``report`` how it is told. Pure: the verb is ``matchmaker.backtest``.
"""
