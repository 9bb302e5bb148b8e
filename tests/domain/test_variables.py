"""What may name an environment variable, and what may be the key itself."""

from __future__ import annotations

import random
import string

import pytest

from tui_labeler.domain.variables import is_variable

SMALL, CAPITALS, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
MIXED = SMALL + CAPITALS + DIGITS
HEX = DIGITS + "abcdef"

NAMES = [
    "GROQ_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_API_KEY_2",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "HF_TOKEN",
    "hf_token",
    "HUGGINGFACEHUB_API_TOKEN",
    "TOGETHER_API_KEY",
    "my_key",
    "KEY",
    "key1",
    "_KEY",
    "ENTERPRISE_PRODUCTION_OPENAI_KEY",
    "WORK_KEY",
    "hf_production_inference_token",
    "AZUREOPENAIAPIKEY",
    "AZUREOPENAISERVICEAPIKEY",
    "AzureOpenAIApiKey",
    "OpenAIKey",
    "myOpenAiKey2",
    "openAiApiKeyProduction",
    "OPENAI_API_KEY_V2_EU_W1",
    "OPENAI_KEY_2026_11_21",
    "AZURE_STORAGE_SAS_TOKEN_A1_B2_C3_D4",
    "K8S_E2E_LLM_V2_KEY_N1",
    "GPT4O_KEY",
    "TEAM_A_GPT4O_KEY_3",
    "PROJECT_INTERNATIONALIZATION_KEY",
    "ConnectionStrings__Default",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AWS_SECRET_ACCESS_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "sk_key",
    "sk_live_key",
    "gh_token",
    "npm_config__auth",
    "R2D2_KEY",
    "X509_CLIENT_KEY_2048",
    "MAILS_SAS",
    "TEAM_STORAGE",
    "dapi_token",
    "RK_KEY",
]

KEYS = {
    "Azure OpenAI": (HEX, "", 32),
    "Azure OpenAI, long": (MIXED, "", 84),
    "OpenAI without its hyphens": (MIXED, "sk", 48),
    "Groq": (MIXED, "gsk_", 52),
    "Hugging Face": (SMALL + CAPITALS, "hf_", 34),
    "Stripe": (MIXED, "sk_live_", 24),
    "ElevenLabs": (HEX, "sk_", 48),
    "GitHub": (MIXED, "ghp_", 36),
    "GitHub, of parts": (MIXED, "github_pat_11ABCDEFG0", 59),
    "Fireworks": (MIXED, "fw_", 22),
    "Replicate": (MIXED, "r8_", 37),
    "Together": (HEX, "", 64),
    "Together, new": (MIXED, "tgp_v1_", 43),
    "Mistral": (MIXED, "", 32),
    "Cohere": (MIXED, "", 40),
    "Google": (MIXED + "_", "AIzaSy", 33),
    "AWS": (CAPITALS + "234567", "AKIA", 16),
    "Databricks": (HEX, "dapi", 32),
    "Pinecone": (MIXED, "pcsk_6abcde_", 60),
    "Jina": (MIXED, "jina_", 60),
    "LangSmith": (HEX, "lsv2_pt_", 32),
    "capitals": (CAPITALS, "", 32),
    "small letters": (SMALL, "", 32),
    "letters": (SMALL + CAPITALS, "", 32),
    "Base64 for addresses": (MIXED + "_", "A", 43),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_people_give_a_variable_is_taken(name: str) -> None:
    assert is_variable(name)


@pytest.mark.parametrize("service", KEYS)
def test_a_key_is_no_name_of_a_variable(service: str) -> None:
    letters, prefix, length = KEYS[service]
    drawn = random.Random(service)
    keys = [prefix + "".join(drawn.choices(letters, k=length)) for _ in range(300)]
    taken = [key for key in keys if is_variable(key)]
    assert len(taken) <= (3 if "_" in letters else 0), taken


@pytest.mark.parametrize("key", ["", "a b", "sk-proj-abc", "1KEY", "K" * 129, "KEY=1", "Ä_KEY", "KEY\n"])
def test_what_no_variable_is_called_is_refused(key: str) -> None:
    assert not is_variable(key)


@pytest.mark.parametrize(
    "key", ["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", "QWERTZUIOPASDFGHJKLYXCVBNMQWERTZ"]
)
def test_keys_that_were_once_taken_for_names_are_refused(key: str) -> None:
    assert not is_variable(key)
