"""The rules that dialogues share: greetings, times, things, plain sentences about the shop, exercises in copying."""

from __future__ import annotations

ITEMS = (
    "rain jacket", "wool sweater", "summer dress", "winter coat", "denim shirt", "running vest", "hiking boots set",
    "coffee grinder", "bluetooth speaker", "desk lamp", "headset", "electric toothbrush", "kettle", "alarm clock",
    "backpack", "office chair", "yoga mat", "bookshelf", "sleeping bag", "tea set", "frying pan", "picture frame",
    "garden table", "straw hat", "blanket", "mirror", "board game", "bicycle pump", "water bottle", "umbrella",
    "phone case", "camera", "keyboard", "monitor", "printer", "toaster", "blender", "vacuum cleaner", "curtain",
    "carpet", "pillow", "mattress", "candle", "flower pot", "ladder", "hammer", "suitcase", "wallet", "scarf",
    "swimsuit", "tent", "lantern", "guitar", "puzzle", "notebook", "fountain pen", "bread knife", "wine glass",
    "towel", "bathrobe",
)  # fmt: skip
CITIES = (
    "Leeds", "Utrecht", "Graz", "Porto", "Ghent", "Lyon", "Cork", "Turin", "Bremen", "Malmö", "Kraków", "Bristol",
    "Vienna", "Oslo", "Dublin", "Prague", "Seville", "Antwerp", "Basel", "Aarhus", "Tampere", "Gdansk", "Nantes",
    "Bologna", "Leipzig", "Glasgow", "Rotterdam", "Valencia", "Budapest", "Tallinn",
)  # fmt: skip
NAMES = (
    "Anna", "Tom", "Lucia", "Mehmet", "Yuki", "Sara", "Peter", "Nora", "Ben", "Eva", "Marco", "Ingrid", "Pavel",
    "Chloe", "Omar", "Hanna", "Diego", "Freya", "Viktor", "Leila", "Oscar", "Julia", "Amir", "Klara", "Sven", "Maria",
    "Hugo", "Zofia", "Liam", "Priya",
)  # fmt: skip
COLOURS = ("blue", "dark blue", "red", "green", "olive green", "grey", "black", "white", "yellow")
VALUES: dict[str, tuple[str, ...]] = {
    "item": ITEMS,
    "other_item": ITEMS,
    "city": CITIES,
    "other_city": CITIES,
    "colour": COLOURS,
    "other_colour": COLOURS,
    "span": ("two days", "three days", "five days", "a week", "ten days", "two weeks", "a month"),
    "ago": ("yesterday", "two days ago", "last week", "ten days ago", "on Monday", "on Friday", "a month ago"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "3 March", "12 May", "1 October"),
    "card": ("credit card", "debit card", "Visa card", "gift card", "Mastercard", "PayPal account"),
    "code": ("SPRING20", "WELCOME10", "VIP15", "FRIENDS5", "SAVE25", "HELLO15", "AUTUMN30"),
    "device": ("phone", "laptop", "tablet", "computer"),
    "name": NAMES,
}
"""One of each is drawn for a document and stays the same in it."""

RULES: dict[str, tuple[str, ...]] = {
    "hello": ("Hello,", "Hi,", "Good morning,", "Good evening,", "Dear team,", "Hi team,", "Hello support,"),
    "background": (
        "I have been a customer of yours for years.",
        "I looked on your site and found no answer.",
        "I am writing from my {device}.",
        "I called you {ago}, but nobody could help me.",
        "My other parcel with the {other_item} came on time.",
        "A friend in {other_city} told me to write to you.",
    ),
    "please": (
        "Please answer soon.",
        "Thank you for your help.",
        "Thanks in advance!",
        "I hope that you can help me.",
        "It is urgent.",
        "Many thanks",
    ),
    "message": (
        "{ask}", "{ask}", "{hello} {ask}", "{hello} {ask} {please}", "{ask} {please}", "{hello} {background} {ask}",
        "{background} {ask} {please}", "{hello} {ask} {background} {please}",
    ),
    "opening": (
        "Thank you for your message.",
        "Thank you for writing to us.",
        "Thanks for getting in touch.",
        "I am sorry about that.",
        "I am sorry for the trouble.",
        "I understand, and I am happy to help.",
        "Of course.",
        "I looked into it.",
    ),
    "closing": (
        "Please write to us if you have any other question.",
        "Is there anything else that I can do for you?",
        "We are here for you every day.",
        "Thank you for your patience.",
        "Have a good day!",
        "Kind regards, {name}",
    ),
    "reply": (
        "{opening} {answer}", "{opening} {answer} {closing}", "{answer} {closing}", "{opening} {answer} {closing}",
        "{answer}",
    ),
    "thanks": ("Thank you!", "Thanks, that helps.", "Great, thank you, {name}.", "Perfect.", "Thank you very much."),
    "welcome": ("You are welcome!", "You are welcome. Have a good day!", "My pleasure. We are here for you every day."),
    "prose": (
        "Our shop sells {item_plural} and {other_plural}. The warehouse is in {city}, and parcels go out every day.",
        "A parcel to {city} takes {span} as a rule. Express parcels arrive sooner and cost {amount}.",
        "{name} bought {a_item} {ago}. It was {colour}, and it came in {span}.",
        "Customers may return a {colour} {item} within {span}, as long as it was not used.",
        "The {item} costs {amount}. In {colour} it is sold out until {day}.",
        "Support is open from Monday to Saturday. Most messages are answered within a day, and urgent ones sooner.",
        "{name} works in support. Before {day} there were many questions about the {item} and the {other_item}.",
        "Order {number} holds {a_item} and {an_other}. It was paid with a {card} and goes to {city}.",
        "When a parcel is lost, the courier is asked first. After {span} the customer gets a new one, or money back.",
        "The code {code} takes {amount} off. It can be used once, and only before {day}.",
        "It is important to be polite, to say what happens next, and to promise only what the shop can do.",
        "A good answer names the order, says sorry where something went wrong, and tells the customer the next step.",
        "The weather in {city} was fine on {day}. {name} walked to the shop and looked at {a_item}.",
        "To clean the {item}, use warm water and a soft cloth. Do not put it into the washing machine.",
    ),
    "noted": (
        "Order: {number}\nItem: {item}\nCity: {city}\nOrder {number}, {item}, goes to {city}.",
        "Customer: {name}\nOrder: {number}\n{name} wrote about order {number} on {day}.",
        "Note for order {number}: {name} from {city} paid {amount}. Order {number} was paid on {day}.",
        "{number} was sent. {number} is in {city}. {number} arrives on {day}.",
    ),
}  # fmt: skip

COPYING: tuple[tuple[str, str], ...] = (
    ("{before} {number} {after}", "{digits}"),
    ("{before} {number} {after}", "{digits}"),
    ("{before} {number} {after}", "{digits}"),
    ("{before} {number} {after}", "Order {digits}."),
    ("{before} {number} {after}", "I have found order {digits}."),
    ("{before} {number} {after} {other_number}", "{digits}, {other_digits}"),
    ("{before} {item} {after}", "{item}"),
    ("{before} {item} {after} {city}", "{item}, {city}"),
    ("{before} {number} {after} {name}", "Order {digits} of {name}."),
    ("Please repeat the number {number}. {after}", "The number is {digits}."),
    ("{before} What is my order number? I wrote it down: {number}.", "Your order number is {digits}."),
    ("Order {number} is for {name}. Whose is order {number}?", "Order {digits} is for {name}."),
    ("My name is {name} and my order is {number}. {after}", "Hello {name}, I have found order {digits}."),
)
"""What is said, and what says it again: a small model learns to carry a number over only where it is shown often."""
