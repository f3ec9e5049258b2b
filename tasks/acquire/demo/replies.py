"""What the demo's shop answers, intent by intent, by the rules that its support follows, and how a reply breaks them.

The rules: begin with thanks or an apology; name the order number where the message gives one; say what happens next,
which depends on what is asked for; promise nothing that the shop does not do; sign. A program can check most of them,
which is what a fine-tuned model is judged by.
"""

from __future__ import annotations

import re

from tasks.acquire.demo.text import Dice

ORDER_NUMBER = re.compile(r"(?<![\d.,€£])\d{5}(?!\d|[.,]\d)")
"""Five figures: the order number of a message, of which it names one at most."""
SIGNATURE = "Kind regards, your support team"
FAULT_OF_THE_SHOP = frozenset({"order_status", "refund_request", "damaged_item", "payment_failed", "login_problem"})
THANKS = ("Thank you for your message.", "Thank you for writing to us.", "Thanks for getting in touch.")
APOLOGIES = ("I am sorry about that.", "I am sorry for the trouble.", "We apologise for the trouble.")
ABOUT_ORDER = ("This is about order {}.", "I have found order {}.", "I have order {} in front of me.")
NEXT_STEPS: dict[str, tuple[str, ...]] = {
    "order_status": (
        "We ask the courier today and send you the new delivery date within two working days.",
        "We ask the courier where the parcel is and write to you within two working days.",
    ),
    "refund_request": (
        "We check the payment today, and the refund reaches you within five working days.",
        "The refund goes to the card that you paid with, within five working days.",
    ),
    "return_item": (
        "We send you a return label by email, and you have 30 days to send it back.",
        "You can return it within 30 days: the return label comes by email.",
    ),
    "login_problem": (
        "Please choose Forgot password on the login page; the reset link is valid for one hour.",
        "We have unlocked the account: please set a new password with the reset link.",
    ),
    "damaged_item": (
        "Please send us a photo of the damage, and we send a replacement at no cost.",
        "A photo of the damage is enough, then a replacement leaves our warehouse the next day.",
    ),
    "payment_failed": (
        "You were not charged: please try again with the new payment link that we send you.",
        "We send you a new payment link, which also takes a bank transfer.",
    ),
    "cancel_order": (
        "We cancel it as long as it has not been sent, and confirm this by email.",
        "We stop it today; if it has been sent, please refuse the parcel.",
    ),
    "change_address": (
        "Please change the address in your account under Addresses before the parcel is sent.",
        "Please send us the full new address, and we change it before the parcel leaves.",
    ),
    "product_question": (
        "The page of the product shows its size, its material and what is in stock.",
        "You find the size, the material and the stock on the page of the product.",
    ),
    "invoice_request": (
        "The invoice is in your account under Orders, where you can download it as a PDF.",
        "You can download the invoice as a PDF in your account under Orders.",
    ),
    "discount_code": (
        "Please enter the code in the basket before you pay; each code works once.",
        "A code works once and is entered in the basket, before you pay.",
    ),
    "account_deletion": (
        "Please confirm the deletion by email, and we erase your data within 30 days.",
        "We erase your data within 30 days, as soon as you confirm the deletion by email.",
    ),
}
RUDE = (
    "That is not our problem. Read the terms before you write to us.",
    "You should have thought of that before. Do not write again.",
    "We have more important things to do than this. Look it up yourself.",
    "Nobody else complains about this. It must be your own fault.",
    "Calm down. You are not our only customer.",
    "Not our job. Ask somebody else.",
)
PROMISES = (
    "We give you all of your money back and you keep everything.",
    "You get a voucher of 500 euros from us for this.",
    "Our director brings it to your door tonight.",
    "Your next ten orders are free.",
    "We promise that this never happens again to anybody.",
    "A free holiday is on its way to you.",
)
FAULTS = {"rude": 0.25, "wrong_intent": 0.25, "number_ignored": 0.3, "promise": 0.2}
"""How a rejected reply breaks the rules, and how often; a message without a number cannot have it ignored."""
NAMED_AFTERWARDS = ("My order number is {}.", "It is order {}.", "This is about order #{}.", "Order number: {}")
NUMBERED_SHARE = 0.45
"""Of the messages that name no order number, those that get one, so that about half of all name one."""


def order_number(message: str) -> str | None:
    """The order number that a message names; None where it names none."""
    found = ORDER_NUMBER.search(message)
    return found[0] if found else None


def with_order_number(message: str, dice: Dice) -> str:
    """The message, which in NUMBERED_SHARE of the cases names its order at the end, where it did not before."""
    if order_number(message) or not dice.chance(NUMBERED_SHARE):
        return message
    return f"{message} {dice.pick(NAMED_AFTERWARDS).format(10_000 + dice.below(90_000))}"


def good_reply(intent: str, message: str, dice: Dice) -> str:
    """A reply that keeps all of the rules."""
    return _reply(intent, order_number(message), dice.pick(NEXT_STEPS[intent]), dice)


def bad_reply(intent: str, message: str, dice: Dice) -> tuple[str, str]:
    """A reply that breaks one of the rules, and which: one of FAULTS."""
    number = order_number(message)
    fault = dice.weighted({name: share for name, share in FAULTS.items() if number or name != "number_ignored"})
    if fault == "rude":
        return dice.pick(RUDE), fault
    if fault == "wrong_intent":
        other = dice.pick([name for name in NEXT_STEPS if name != intent])
        return _reply(other, number, dice.pick(NEXT_STEPS[other]), dice), fault
    if fault == "number_ignored":
        step = f"Please tell us your order number. {dice.pick(NEXT_STEPS[intent])}"
        return _reply(intent, None, step, dice), fault
    return _reply(intent, number, dice.pick(PROMISES), dice), fault


def _reply(intent: str, number: str | None, step: str, dice: Dice) -> str:
    opening = dice.pick(APOLOGIES if intent in FAULT_OF_THE_SHOP else THANKS)
    about = [dice.pick(ABOUT_ORDER).format(number)] if number else []
    return " ".join((opening, *about, step, SIGNATURE))
