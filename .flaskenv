FLASK_APP=app
PARLOR_ENV=development
