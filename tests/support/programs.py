"""Programs that use the JSON routes in this process, with tokens instead of cookies."""

PASSWORD = "correct horse battery"


class Program:
    """`alice = Program(app).register("Alice"); alice.get("/api/me").json`"""

    def __init__(self, app):
        self.client = app.test_client(use_cookies=False)
        self.token = self.refresh_token = self.user_id = None

    def register(self, name, **more):
        return self.enter("register", 201, name=name, **more)

    def sign_in(self, name, **more):
        return self.enter("login", 200, name=name, **more)

    def enter(self, door, status, **given):
        answer = self.post(f"/api/auth/{door}", {"password": PASSWORD, **given})
        assert answer.status_code == status, answer.text
        self.token, self.refresh_token = answer.json["access_token"], answer.json["refresh_token"]
        self.user_id = answer.json["user_id"]
        return self

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, json=None):
        return self.ask("POST", path, json=json)

    def patch(self, path, given=None):
        return self.ask("PATCH", path, json=given)

    def delete(self, path, given=None):
        return self.ask("DELETE", path, json=given)

    def ask(self, method, path, **options):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.open(path, method=method, headers=headers, **options)
