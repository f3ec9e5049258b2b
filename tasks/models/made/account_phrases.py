"""What customers of a made-up shop ask about accounts, payments and products, and what its support answers."""

from __future__ import annotations

from tasks.models.made.order_phrases import Topic

ACCOUNT: dict[str, Topic] = {
    "login": Topic(
        asked=(
            "I cannot log in to my account.",
            "I forgot my password.",
            "The reset link does not come, I tried it on my {device}.",
            "My account is locked. What can I do?",
            "The code on my {device} does not work.",
            "cannot sign in on my {device}",
            "password reset mail not coming",
            "locked out of my account",
            "The app logs me out on my {device}.",
            "How do I get back in? The login page does not load.",
        ),
        answered=(
            "Please open the login page, choose Forgot password and follow the link that we send you.",
            "I have unlocked your account. You can log in on your {device} again.",
            "The reset link is valid for {span}. Please look into your spam folder too.",
            "Please remove the app from your {device}, install it again and log in with your new password.",
        ),
    ),
    "payment": Topic(
        asked=(
            "My {card} was declined.",
            "The payment for order {number} did not go through.",
            "Can I pay for the {item} with a {card}?",
            "The {amount} left my account but I see no order.",
            "The checkout shows an error on my {device}.",
            "payment failed {number}",
            "{card} refused at the checkout",
            "I want to pay for {number} but the pay button does not work.",
            "Was my {card} charged or not? I need a new payment link.",
        ),
        answered=(
            "Please try another {card}, or pay the {amount} by bank transfer.",
            "Order {digits} is waiting for the payment. I have sent you a new link that is valid for {span}.",
            "You can pay with a {card} or by bank transfer.",
            "The {amount} was only reserved, and your bank will release it within {span}.",
            "Your bank did not accept the payment. Please ask them, or use another {card}.",
        ),
    ),
    "product": Topic(
        asked=(
            "Is the {item} available in {colour}?",
            "What is the {item} made of?",
            "When will the {item} be back in stock?",
            "Does the {item} come with a warranty?",
            "Which {item} would you recommend for {amount}?",
            "size and dimensions of the {item}",
            "{item} in {colour} in stock?",
            "Is the {item} waterproof and good for children?",
            "What material is the {item}, and how do I clean it?",
        ),
        answered=(
            "Yes, the {item} is available in {colour} and in {other_colour}.",
            "The {item} is sold out at the moment and will be back on {day}.",
            "Every {item} comes with a warranty of two years.",
            "The {item} costs {amount}, and many customers are happy with it.",
            "The page of the {item} gives its size and what it is made of.",
        ),
    ),
    "invoice": Topic(
        asked=(
            "Can you send me the invoice for order {number}?",
            "I need a receipt for the {item}.",
            "The invoice for order {number} has the wrong name.",
            "Where do I find my invoices?",
            "invoice {number} as a PDF",
            "need the bill and receipt with VAT",
            "Please send my company the paperwork for {number}.",
            "My accountant asks for proof of purchase.",
        ),
        answered=(
            "The invoice for order {digits} is in your account under Orders, as a PDF.",
            "I have sent the receipt for the {item} to your email address.",
            "I have corrected the invoice of order {digits}. You will get it again by {day}.",
            "Please tell us the name of your company, and we will write a new invoice over {amount}.",
        ),
    ),
    "discount": Topic(
        asked=(
            "My code {code} does not work.",
            "Can I use {code} for the {item}?",
            "I forgot to enter {code} with order {number}.",
            "How much is left on my gift card?",
            "{code} invalid at checkout",
            "voucher {code} expired?",
            "Is there a student discount or sale price for the {item}?",
            "Please apply {code} to {number}.",
        ),
        answered=(
            "The code {code} is valid until {day} and works once for each customer.",
            "You can enter {code} in the basket before you pay.",
            "I have taken {amount} off order {digits} for the code {code}.",
            "There is still {amount} on your gift card.",
        ),
    ),
    "account": Topic(
        asked=(
            "Please delete my account.",
            "How do I close my account?",
            "I want all of my data removed.",
            "Please stop sending me mails.",
            "delete my profile and my data",
            "close account please",
            "I want to unsubscribe and have everything erased.",
            "Please remove my personal details from your system.",
        ),
        answered=(
            "You can delete your account in the settings under Privacy. It is gone after {span}.",
            "We keep invoices as the law asks of us, and remove everything else within {span}.",
            "I have taken you off our newsletter. The last mail may still come on {day}.",
            "Please confirm by email that you want to close the account.",
        ),
    ),
}
