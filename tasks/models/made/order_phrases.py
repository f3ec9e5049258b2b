"""What customers of a made-up shop ask about orders and parcels, and what its support answers: rules of a grammar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One thing that customers write about."""

    asked: tuple[str, ...]
    """Messages."""
    answered: tuple[str, ...]
    """The middle of a helpful answer."""


ORDERS: dict[str, Topic] = {
    "delivery": Topic(
        asked=(
            "Where is my order {number}?",
            "My {item} has not arrived yet.",
            "I ordered {a_item} {ago} and nothing came. The order number is {number}.",
            "When will order {number} be delivered to {city}?",
            "The tracking page for {number} has not changed for {span}.",
            "The courier says that the parcel was delivered, but I have no {item}.",
            "Is there any news about the {item} that I bought?",
            "I am still waiting for order {number}, can you check the status?",
            "no parcel yet, {number}",
            "tracking {number} not updated, where is it",
            "the driver never came with my package",
            "Has the {item} been shipped?",
            "It is late. How long must I wait for delivery?",
            "Could you check with the courier where the shipment is?",
        ),
        answered=(
            "Order {digits} left our warehouse {ago}. It should be with you in {span}.",
            "I checked order {digits}: the parcel is in {city} and the courier will deliver it on {day}.",
            "The {item} is on its way. You can follow it with the tracking link in your confirmation.",
            "I have asked the courier to look for the parcel and will write to you by {day}.",
            "The courier had a delay in {city}. Your {item} should arrive on {day}.",
            "We will send the {item} again if the parcel is not found within {span}.",
        ),
    ),
    "refund": Topic(
        asked=(
            "I sent the {item} back {ago}. When do I get my money back?",
            "I would like a refund for order {number}.",
            "You charged my {card} twice for order {number}.",
            "The refund of {amount} has not come yet.",
            "Please pay back the {amount} for the {item}.",
            "How long does a refund to my {card} take?",
            "money back for {number} please",
            "still no refund of {amount}",
            "I was charged twice and want to be paid back.",
            "When will I be reimbursed?",
            "Please reverse the charge of {amount}.",
        ),
        answered=(
            "The refund of {amount} for order {digits} was started {ago} and will reach your {card} in {span}.",
            "We received the {item} and pay the money back within {span}.",
            "I see the second charge on order {digits} and have sent the {amount} back to your {card}.",
            "A refund goes to the {card} that you paid with, and takes up to {span}.",
            "You will get a confirmation by email as soon as the {amount} is on its way.",
        ),
    ),
    "return": Topic(
        asked=(
            "The {item} does not fit. How do I send it back?",
            "I would like to return order {number}.",
            "Can I exchange the {item} for one in {colour}?",
            "There was no return label in the box with the {item}.",
            "I changed my mind about the {item}, can I return it?",
            "How long do I have to return order {number}?",
            "return label for {number}",
            "how to send the {item} back",
            "wrong size, exchange for {colour} possible?",
            "Where can I drop off my return?",
            "Do I need the box to send back the {item}?",
        ),
        answered=(
            "You can return the {item} within {span}. The label for order {digits} is in your account under Returns.",
            "I have sent you a return label by email. Please put it on the box and bring it to any shop in {city}.",
            "We are happy to exchange the {item} for one in {colour} at no cost.",
            "Please keep the {item} clean and in its box, then we can take it back.",
            "The return is free, and you can drop off the parcel in {city}.",
        ),
    ),
    "damage": Topic(
        asked=(
            "The {item} arrived broken.",
            "There is a crack in the {item} from order {number}.",
            "A part of the {item} is missing.",
            "The {item} stopped working after {span}.",
            "You sent me the wrong {item} with order {number}.",
            "Can you replace the broken {item} before {day}?",
            "{item} defect, need a replacement",
            "faulty {item}, warranty claim",
            "The {item} is scratched and does not switch on.",
            "I got a used and damaged {item}.",
            "Can somebody repair the broken {item}?",
        ),
        answered=(
            "Please send us a photo of the damage, and we will send a new {item} by {day}.",
            "I am having a new {item} sent for order {digits}. You do not have to return the broken one.",
            "The warranty covers this. We repair or replace the {item} within {span}.",
            "The missing part of the {item} will be sent to you on {day}.",
            "That was our mistake. The right {item} for order {digits} leaves the warehouse on {day}.",
        ),
    ),
    "cancel": Topic(
        asked=(
            "Please cancel order {number}.",
            "I ordered the {item} twice by mistake, please stop one of them.",
            "Can I still cancel the {item}?",
            "I do not need the {item} any more. Do not send it, please.",
            "Is it too late to cancel order {number}?",
            "cancel {number} pls",
            "stop order {number}",
            "I bought the {item} by accident and want to call it off.",
            "Please do not ship the {item}, I found it cheaper.",
        ),
        answered=(
            "Order {digits} is cancelled, and nothing will be charged.",
            "The {item} has not been sent yet, so I have cancelled it for you.",
            "Order {digits} has already left the warehouse. You can refuse the parcel or send it back for free.",
            "I stopped the second {item}. The first one will arrive on {day}.",
        ),
    ),
    "address": Topic(
        asked=(
            "I moved to {city}. Can you change the address of order {number}?",
            "The house number on order {number} is wrong.",
            "Please send the {item} to my office in {city} instead.",
            "How do I change my address in my account?",
            "Can the parcel go to a shop in {city}?",
            "new address in {city} for {number}",
            "wrong postcode on {number}",
            "We moved house, please update the delivery address.",
            "Can you redirect the parcel to {city}?",
        ),
        answered=(
            "I have changed the address of order {digits} to {city}.",
            "You can change your address in your account under Addresses, as long as the {item} has not been sent.",
            "The parcel will go to the shop in {city}, where it waits for you for {span}.",
            "Please tell us the new street and house number, and we will correct order {digits}.",
        ),
    ),
}
