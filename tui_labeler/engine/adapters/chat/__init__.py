"""Language models behind the chat protocol of OpenAI."""
