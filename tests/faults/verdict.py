"""Whether what was promised holds: what is wrong, in words that say so."""

from collections import Counter

SHOWN = 6
"""Of many wrong things, so many are named."""


def problems(senders, receivers, rows, last_seq):
    """What is wrong with what senders know, receivers show, and the table holds: a list of texts.

    `rows`: tables.Row, by number; `last_seq`: the room's counter.
    """
    return [
        *(f"{one.name}: {problem}" for one in [*senders, *receivers] for problem in one.problems),
        *of_rows(rows, last_seq),
        *of_acks(senders, rows),
        *(problem for sender in senders if sender.window == 1 for problem in of_turn(sender, rows)),
        *(problem for receiver in receivers for problem in of_reader(receiver, rows)),
    ]


def of_rows(rows, last_seq):
    ids = twice((row.user_id, row.id) for row in rows)
    seqs = [row.seq for row in rows]
    expected = list(range(1, last_seq + 1))
    return [
        *told("stored twice under one id", ids),
        *told("stored twice, one text", twice(row.text for row in rows)),
        *told("two messages with one number", twice(seqs)),
        *told("holes in the numbers", missing(expected, seqs)),
        *told("numbers above the room's counter", missing(seqs, expected)),
    ]


def of_acks(senders, rows):
    by_id = {row.id: row for row in rows}
    acks = {id: ack for sender in senders for id, ack in sender.acks.items()}
    waiting = [entry.text for sender in senders for entry in list(sender.outbox)]
    unknown = [row.text for id, row in by_id.items() if id not in acks]
    lost = [ack.text for id, ack in acks.items() if id not in by_id]
    other = [
        f"{ack.text!r} as {ack.seq}, stored as {by_id[id].seq}"
        for id, ack in acks.items()
        if id in by_id and (ack.seq, ack.text) != (by_id[id].seq, by_id[id].text)
    ]
    return [
        *told("not acknowledged in the end", waiting),
        *told("acknowledged, not stored", lost),
        *told("stored, not acknowledged", unknown),
        *told("acknowledged otherwise than stored", other),
    ]


def of_turn(sender, rows):
    """Whoever sends one after the other is stored in that order."""
    mine = [row.text for row in rows if row.id in sender.acks]
    said = [ack.text for ack in sender.acks.values()]
    return told(f"{sender.name}'s are stored out of their order", out_of_place(mine, said))


def of_reader(receiver, rows):
    shown = [receiver.shown[seq] for seq in sorted(receiver.shown)]
    shown_ids = [message["id"] for message in shown]
    stored_ids = [row.id for row in rows]
    wrong = missing(shown_ids, stored_ids)
    unseen = [row.seq for row in rows if row.id not in set(shown_ids)]
    found = [
        *told(f"{receiver.name} never saw", unseen),
        *told(f"{receiver.name} saw what is not stored", wrong),
        *told(f"{receiver.name} saw twice", twice(shown_ids)),
    ]
    as_shown = [(message["seq"], message["id"], message["message"]) for message in shown]
    as_stored = [(row.seq, row.id, row.text) for row in rows]
    return found or told(f"{receiver.name} saw otherwise", out_of_place(as_shown, as_stored))


def out_of_place(these, those):
    return [f"{a} for {b}" for a, b in zip(these, those, strict=False) if a != b]


def twice(things):
    return [thing for thing, count in Counter(things).items() if count > 1]


def missing(wanted, there):
    there = set(there)
    return [one for one in wanted if one not in there]


def told(what, which):
    if not which:
        return []
    named = ", ".join(str(one) for one in which[:SHOWN])
    return [f"{what} ({len(which)}): {named}{' …' if len(which) > SHOWN else ''}"]
